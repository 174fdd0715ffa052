import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { compare } from '@ferrite/lab/demo/compare'
import type { VmLabMachine } from '@ferrite/lab/vm/vm-lab-machine'
import { deployed, enrolled, imageFile, machineBench, missing } from './machine-bench.ts'
import type { MachineBench } from './machine-bench.ts'

/** Where the power goes: a share of the image that has been sent, or milliseconds after its last byte. */
type Cut = { share: number } | { afterMs: number }

const shares = [0.02, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 0.97, 0.999]
const all: readonly Cut[] = [
  ...shares.map((share) => ({ share })),
  ...[0, 200, 500, 1_000, 2_000, 4_000].map((afterMs) => ({ afterMs })),
]
const few: readonly Cut[] = [{ share: 0.02 }, { share: 0.6 }, { afterMs: 500 }]
const cuts = process.env['TEST_POWER_CUTS'] === undefined ? few : all

const timeout = 180_000 + cuts.length * 240_000
test.skipIf(missing)(
  'a machine whose power is cut during the write never starts a part of the image',
  { timeout },
  async () => {
    const bench = await machineBench({ machines: [{ bmc: 'redfish', firmware: 'bios' }] })
    const [machine] = bench.lab.machines
    if (!machine) throw new Error('the lab has no machine')
    const { uuid } = await enrolled(bench, machine)
    for (const cut of cuts) {
      await cutAt(bench, machine, uuid, cut)
      const isWhole = await holdsImage(machine)
      const bootable = await machine.machine.disk.bootable()
      const state = await startedAlone(bench, machine)
      expect({ cut, bootable: bootable !== undefined, state }).toEqual(
        isWhole ? { cut, bootable: true, state: 'running' } : { cut, bootable: false, state: 'nothing to boot' },
      )
      await bench.lab.api.provision(uuid, 'deleted')
      await bench.lab.api.until(uuid, 'available')
    }
    bench.lab.images.fault('small.img', {})
    expect((await deployed(bench, uuid, 'web-01')).provision_state).toBe('active')
    expect(await machine.machine.until('running', 'nothing to boot', 'hung', 'off')).toBe('running')
  },
)

async function cutAt({ lab, image }: MachineBench, { machine }: VmLabMachine, uuid: string, cut: Cut): Promise<void> {
  const moments = new EventEmitter<{ now: [] }>()
  const onMoment = () => void moments.emit('now')
  const stall =
    'share' in cut ? { stallAt: Math.floor(image.size * cut.share), onStall: onMoment } : { onSent: onMoment }
  lab.images.fault('small.img', stall)
  const moment = once(moments, 'now', { signal: AbortSignal.timeout(200_000) })
  await lab.api.deploy(uuid, image, { configdrive: { meta_data: { hostname: 'web-01' } } })
  await moment
  // What was sent is on its way to the disk.
  await delay('share' in cut ? 1_500 : cut.afterMs)
  await machine.powerOff()
}

async function holdsImage({ machine }: VmLabMachine): Promise<boolean> {
  try {
    await compare(machine.disk.path, createReadStream(imageFile, { highWaterMark: 1 << 22 }))
    return true
  } catch {
    // Some byte differs, or a partition table is not as it should be: that is the question.
    return false
  }
}

/** Somebody presses the power button while no network is there to help. */
async function startedAlone({ lab }: MachineBench, { machine }: VmLabMachine): Promise<string> {
  const [mac = ''] = machine.macs
  await lab.network.switch.move(mac, 'nowhere')
  machine.override = { enabled: 'Once', target: 'Hdd', mode: 'UEFI' }
  machine.powerOn()
  const limit = delay(90_000, 'silent', { ref: false })
  const state = await Promise.race([machine.until('running', 'nothing to boot', 'hung'), limit])
  await machine.powerOff()
  return state
}
