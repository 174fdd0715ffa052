import type { Logger } from 'pino'
import type { Clock } from '../clock.ts'
import type { Hardware } from '../hardware/hardware.ts'

type Options = {
  hardware: Hardware
  clock: Clock
  log: Logger
  signal: AbortSignal
  bootMac: string | undefined
  dhcp: { timeoutMs: number; everyInterface: boolean }
}

/** Until the interface that booted (or every one that has a link) has an address; then goes on without. */
export async function waitForAddress({ hardware, clock, log, signal, bootMac, dhcp }: Options): Promise<void> {
  const begun = clock.monotonicMs()
  for (;;) {
    const all = await hardware.addresses()
    const wanted = dhcp.everyInterface ? all.filter(({ up }) => up) : all.filter(({ mac }) => mac === bootMac)
    const waiting = (wanted.length > 0 ? wanted : all).filter(({ address }) => address === null)
    const enough = wanted.length > 0 ? waiting.length === 0 : waiting.length < all.length
    if (enough || all.length === 0) return
    if (clock.monotonicMs() - begun >= dhcp.timeoutMs) {
      return log.warn({ interfaces: waiting.map(({ mac }) => mac) }, 'no address yet; going on without')
    }
    await clock.sleep(Math.min(1_000, dhcp.timeoutMs), signal)
  }
}
