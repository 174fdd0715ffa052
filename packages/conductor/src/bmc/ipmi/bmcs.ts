import { existsSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Logger } from 'pino'
import { isFault } from '@ferrite/shared/fault'
import type { Clock } from '../../core/clock.ts'
import { run as runProgram } from '../../processes/run.ts'
import type { Run } from '../../processes/run.ts'
import { bmcBudget } from '../budget.ts'
import type { Budget } from '../budget.ts'
import { ipmiInfo } from './driver-info.ts'
import type { IpmiInfo } from './driver-info.ts'
import { ipmitool } from './ipmitool.ts'
import { sweepSecrets } from './secret-file.ts'
import type { IpmitoolParts } from './ipmitool.ts'

/** One BMC as drivers talk to it. Both: Fault bmc_unreachable, bmc_refused. `what` ends "asked to …". */
export interface Ipmi {
  readonly info: IpmiInfo
  read(words: readonly string[], what: string, signal: AbortSignal): Promise<string>
  /** Changes something: one at a time, and not too soon after the one before. */
  change(words: readonly string[], what: string, signal: AbortSignal): Promise<string>
}

/** The BMCs that this process talks to by IPMI: one budget for each, however many nodes and tasks ask. */
export interface IpmiBmcs {
  /** Fault invalid or missing_parameter for a `driver_info` that cannot be used. No request is made. */
  of(driverInfo: Readonly<Record<string, unknown>>): Ipmi
}

export type IpmiParts = {
  clock: Clock
  log: Logger
  /** Least time between two changes on one BMC. */
  changeIntervalMs: number
  program?: string
  run?: Run
}

type Known = { budget: Budget; /** It refused suite 17. */ onlySuite3: boolean }

export function openIpmiBmcs(parts: IpmiParts): IpmiBmcs {
  const known = new Map<string, Known>()
  const secretDirectory = memoryDirectory()
  sweepSecrets(secretDirectory, parts.clock)
  const tool: IpmitoolParts = {
    run: parts.run ?? runProgram,
    clock: parts.clock,
    program: parts.program ?? 'ipmitool',
    secretDirectory,
  }
  const knownAs = (info: IpmiInfo): Known => {
    const key = `${info.address} ${info.port}`
    const found = known.get(key) ?? { budget: bmcBudget(info.address, parts.clock, parts), onlySuite3: false }
    known.set(key, found)
    return found
  }
  return {
    of(driverInfo) {
      const info = ipmiInfo(driverInfo)
      const bmc = knownAs(info)
      const ask = (words: readonly string[], what: string, signal: AbortSignal) =>
        withSuite(parts.log, bmc, info, (cipher) => ipmitool(info, { words, what, cipher, signal }, tool))
      return {
        info,
        read: (...request) => bmc.budget.read(() => ask(...request)),
        change: (...request) => bmc.budget.write(() => ask(...request)),
      }
    },
  }
}

/** Suite 17, and 3 for a BMC that does not have 17; which of the two is remembered while this process lives. */
async function withSuite<T>(log: Logger, bmc: Known, info: IpmiInfo, ask: (cipher: 3 | 17) => Promise<T>): Promise<T> {
  if (info.cipher !== undefined) return ask(info.cipher)
  if (bmc.onlySuite3) return ask(3)
  try {
    return await ask(17)
  } catch (error) {
    if (!isFault(error, 'bmc_refused') || error.details['reason'] !== 'cipher') throw error
    const result = await ask(3)
    bmc.onlySuite3 = true
    log.warn({ bmc: info.address }, 'BMC has no cipher suite 17 (SHA-256); suite 3 (SHA-1) is used')
    return result
  }
}

/** The kernel's number for tmpfs (statfs(2)). */
const tmpfs = 0x01021994

/** In memory where the system has such a place, so that no password touches a disk. */
function memoryDirectory(): string {
  const shm = '/dev/shm'
  return existsSync(shm) && statfsSync(shm).type === tmpfs ? shm : tmpdir()
}
