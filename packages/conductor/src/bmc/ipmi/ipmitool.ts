import { Fault, isFault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import type { Run, RunResult } from '../../processes/run.ts'
import type { IpmiInfo } from './driver-info.ts'
import { refusalOf } from './refusal.ts'
import { secretFile } from './secret-file.ts'

export type IpmitoolParts = { run: Run; clock: Clock; program: string; secretDirectory: string }

/** One request: words of ours alone, and what it is for, for people (`read the power`). */
export type IpmiRequest = { words: readonly string[]; what: string; cipher: 3 | 17; signal: AbortSignal }

const tries = 3
const callMs = 30_000
const longestAnswer = 256 * 1024

/**
 * Runs ipmitool once, and up to three times when the BMC says it was too busy to do anything. Fault bmc_unreachable,
 * bmc_refused (details.reason), not_found without ipmitool. The password is in a private file while it runs.
 */
export async function ipmitool(info: IpmiInfo, request: IpmiRequest, parts: IpmitoolParts): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(info, request, parts)
    } catch (error) {
      const again = isFault(error, 'bmc_refused') && error.details['again'] === true
      if (!again || attempt >= tries) throw error
      await parts.clock.sleep(1_000 * attempt, request.signal)
    }
  }
}

async function once(info: IpmiInfo, request: IpmiRequest, parts: IpmitoolParts): Promise<string> {
  await using password = await secretFile(parts.secretDirectory, info.password)
  const kg = kgFor(info)
  const args = [...sessionArgs(info, request.cipher, password.path), ...kg.args, ...request.words]
  let result: RunResult
  try {
    result = await parts.run(parts.program, args, {
      signal: request.signal,
      timeoutMs: callMs,
      maxOutputBytes: longestAnswer,
      ...(kg.input === undefined ? {} : { input: kg.input }),
    })
  } catch (cause) {
    if (isFault(cause, 'not_found')) {
      throw new Fault(
        'bmc_refused',
        `${parts.program} is not installed on this conductor (Debian: apt install ipmitool)`,
      )
    }
    if (!isFault(cause, 'timeout')) throw cause
    throw new Fault('bmc_unreachable', `the BMC ${info.address} took too long to ${request.what}`, { cause })
  }
  if (result.code === 0) return result.stdout
  throw refusalOf(`${result.stderr}\n${result.stdout}`, info.address, request.what)
}

/** Always the same options in the same places. `-v` makes ipmitool say why a session was refused. */
function sessionArgs(info: IpmiInfo, cipher: 3 | 17, passwordFile: string): string[] {
  const lan = info.version === '1.5'
  return [
    ...['-I', lan ? 'lan' : 'lanplus', '-H', info.address, '-p', String(info.port), '-L', info.level],
    ...(info.username === undefined ? [] : ['-U', info.username]),
    ...['-f', passwordFile, '-N', '1', '-R', '3', '-v'],
    ...(lan ? [] : ['-C', String(cipher)]),
    ...info.bridge.flatMap(([option, value]) => [option, `0x${value.toString(16)}`]),
  ]
}

/** The key goes in by stdin; only one that no line can carry has to be an argument, as ipmitool has no other way. */
function kgFor({ kgKey }: IpmiInfo): { args: string[]; input?: string } {
  if (!kgKey) return { args: [] }
  const bytes = Buffer.from(kgKey.reveal(), 'hex')
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText ? { args: ['-Y'], input: `${bytes.toString('latin1')}\n` } : { args: ['-y', kgKey.reveal()] }
}
