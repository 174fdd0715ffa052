import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { explain, Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { systemClock } from '../../core/clock.ts'
import type { Clock } from '../../core/clock.ts'
import type { Run, RunResult } from '../../processes/run.ts'
import { openIpmiBmcs } from './bmcs.ts'
import { ipmiInfo } from './driver-info.ts'
import { ipmitool } from './ipmitool.ts'
import { secretFile, sweepSecrets } from './secret-file.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ferrite-ipmi-'))
})
afterEach(() => rm(directory, { recursive: true }))

const signal = new AbortController().signal
const clock: Clock = { ...systemClock, sleep: async () => undefined }
const good = { ipmi_address: '10.0.0.1', ipmi_username: 'admin', ipmi_password: 'geheim' }

/** An ipmitool that notes what it was called with, and answers as told. */
function recorder(answers: Partial<RunResult>[] = []) {
  const calls: { args: readonly string[]; input: string | undefined; password: string; mode: number }[] = []
  const run: Run = async (_file, args, options) => {
    const file = args[args.indexOf('-f') + 1] ?? ''
    const { mode } = await stat(file)
    const password = await readFile(file, 'utf8')
    calls.push({ args, input: options?.input, password, mode: mode & 0o777 })
    return { stdout: '', stderr: '', code: 0, ...answers[calls.length - 1] }
  }
  return { calls, run }
}

const ask = async (run: Run, driverInfo: Record<string, unknown>) =>
  ipmitool(
    ipmiInfo(driverInfo),
    { words: ['chassis', 'power', 'status'], what: 'read the power', cipher: 17, signal },
    { run, clock, program: 'ipmitool', secretDirectory: directory },
  )

test('the password is in a private file while ipmitool runs, in no argument, and nowhere afterwards', async () => {
  const { calls, run } = recorder()
  await ask(run, good)
  expect(calls[0]).toMatchObject({ password: 'geheim\n', mode: 0o600 })
  expect(calls[0]?.args.join(' ')).not.toContain('geheim')
  expect(await readdir(directory)).toEqual([])
})

test('arguments are always the same ones in the same places', async () => {
  const { calls, run } = recorder()
  await ask(run, good)
  const args = calls[0]?.args.map((arg) => (arg.startsWith(directory) ? 'FILE' : arg))
  expect(args?.join(' ')).toBe(
    '-I lanplus -H 10.0.0.1 -p 623 -L ADMINISTRATOR -U admin -f FILE -N 1 -R 3 -v -C 17 chassis power status',
  )
})

test('a key that is text goes in by stdin, never by an argument', async () => {
  const { calls, run } = recorder()
  await ask(run, { ...good, ipmi_hex_kg_key: Buffer.from('the key').toString('hex') })
  expect(calls[0]?.input).toBe('the key\n')
  expect(calls[0]?.args).toContain('-Y')
})

test('bridging adds its channels and addresses as numbers', async () => {
  const { calls, run } = recorder()
  const bridged = { ipmi_bridging: 'single', ipmi_target_channel: '7', ipmi_target_address: '0x72' }
  await ask(run, { ...good, ...bridged })
  expect(calls[0]?.args.join(' ')).toContain('-b 0x7 -t 0x72 chassis')
})

const hostile = [
  '-I',
  '-o list',
  ';reboot',
  '$(id)',
  '`id`',
  'a b',
  'a\nb',
  'a\0b',
  '../../etc/passwd',
  '|nc',
  '&&x',
  "'",
  '"',
  '%n',
  'é',
  '',
  ' ',
  '-',
  '--',
  '\\',
  '{a,b}',
  '*',
  '~',
  '#',
  '!',
]
const plain = ['-I', 'lanplus', '-H', '10.0.0.1', '-p', '623', '-L', 'ADMINISTRATOR', '-U', 'admin', '-f']
const corpus = hostile.flatMap((bad) => [bad, `x${bad}`, `${bad}x`, `10.0.0.1${bad}`, `10.0.0.1 ${bad}`])

test.each(['ipmi_address', 'ipmi_port', 'ipmi_username', 'ipmi_cipher_suite', 'ipmi_priv_level', 'ipmi_hex_kg_key'])(
  'no value of %s changes what ipmitool is called with: it is refused, or is one word in its place',
  async (key) => {
    for (const bad of corpus) {
      const { calls, run } = recorder()
      const outcome: unknown = await ask(run, { ...good, [key]: bad }).catch((error: unknown) => error)
      const args = calls[0]?.args ?? []
      const at = { ipmi_address: 3, ipmi_username: 9 }[key] ?? -1
      const asItShouldBe = plain.map((word, index) => (index === at ? bad : word))
      const isRefused = outcome instanceof Fault && outcome.code === 'invalid' && calls.length === 0
      const isOneWord = args.length === 22 && args.every((arg) => !/[\s\0]/.test(arg))
      const isInPlace = args.slice(0, 11).every((word, index) => word === asItShouldBe[index])
      expect([bad, isRefused || (isOneWord && isInPlace)]).toEqual([bad, true])
    }
  },
)

test.each([0, '0', 1, 2, 6, 12, 99])('cipher suite %s is refused', (suite) => {
  expect(() => ipmiInfo({ ...good, ipmi_cipher_suite: suite })).toThrow(/ipmi_cipher_suite/)
})

test('a password longer than IPMI carries is refused instead of cut', () => {
  expect(() => ipmiInfo({ ...good, ipmi_password: 'x'.repeat(21) })).toThrow('longer than the 20 bytes')
})

const meanings: [says: string, code: string, words: string][] = [
  ['> RAKP 2 HMAC is invalid\nError: Unable to establish IPMI v2 / RMCP+ session', 'bmc_refused', 'password is wrong'],
  ['RAKP 2 message indicates an error : unauthorized name', 'bmc_refused', 'does not know the user'],
  ['Error: Unable to establish IPMI v2 / RMCP+ session', 'bmc_unreachable', 'no answer'],
  ['> Error: no response from RAKP 1 message\nError: Unable to establish', 'bmc_refused', 'nothing to the user’s name'],
  ['Set Chassis Power Control to Diag failed: Invalid data field in request', 'bmc_refused', 'does not do that'],
  ['Set Chassis Power Control to Up/On failed: Insufficient privilege level', 'bmc_refused', 'may not do that'],
]
test.each(meanings)('ipmitool saying %j becomes %s', async (stderr, code, words) => {
  const { run } = recorder([{ stderr, code: 1 }])
  const error = await ask(run, good).catch((fault: unknown) => fault)
  expect(error).toMatchObject({ code })
  expect(explain(error)).toContain(words)
})

test('a BMC whose sessions are all taken is asked three times', async () => {
  const busy = { stderr: 'insufficient resources for session', code: 1 }
  const { calls, run } = recorder([busy, busy, { stdout: 'Chassis Power is on' }])
  expect(await ask(run, good)).toBe('Chassis Power is on')
  expect(calls).toHaveLength(3)
})

const log = pino({ level: 'silent' })

test.each([
  'no matching cipher suite',
  'Authentication algorithm 0x01 is not what we requested 0x03\nError: Unable to establish IPMI v2 / RMCP+ session',
])('suite 3 follows 17 once, for a BMC that does not have 17, and is remembered: %j', async (stderr) => {
  const { calls, run } = recorder([{ stderr, code: 1 }])
  const bmcs = openIpmiBmcs({ clock, log, changeIntervalMs: 0, run })
  await bmcs.of(good).read(['mc', 'info'], 'tell what it is', signal)
  await bmcs.of(good).read(['mc', 'info'], 'tell what it is', signal)
  expect(calls.map(({ args }) => args[args.indexOf('-C') + 1])).toEqual(['17', '3', '3'])
})

test('a suite that the operator chose is not left', async () => {
  const { calls, run } = recorder([{ stderr: 'no matching cipher suite', code: 1 }])
  const bmcs = openIpmiBmcs({ clock, log, changeIntervalMs: 0, run })
  const asked = bmcs.of({ ...good, ipmi_cipher_suite: 17 }).read(['mc', 'info'], 'tell what it is', signal)
  await expect(asked).rejects.toMatchObject({ code: 'bmc_refused' })
  expect(calls).toHaveLength(1)
})

test('a BMC that kept silent three times is left alone for a while', async () => {
  const dead = { stderr: 'Error: Unable to establish IPMI v2 / RMCP+ session', code: 1 }
  const { calls, run } = recorder([dead, dead, dead, dead])
  const bmcs = openIpmiBmcs({ clock, log, changeIntervalMs: 0, run })
  const read = () => bmcs.of(good).read(['mc', 'info'], 'tell what it is', signal).catch(explain)
  for (let turn = 0; turn < 3; turn += 1) await read()
  expect(await read()).toContain('did not answer 3 times in a row')
  expect(calls).toHaveLength(3)
})

test('changes on one BMC are apart by the interval', async () => {
  const { run } = recorder()
  const slept: number[] = []
  const waits: Clock = { ...systemClock, sleep: async (ms) => void slept.push(ms) }
  const bmcs = openIpmiBmcs({ clock: waits, log, changeIntervalMs: 5_000, run })
  for (const word of ['on', 'off']) await bmcs.of(good).change(['chassis', 'power', word], 'x', signal)
  expect(slept).toHaveLength(1)
  expect(slept[0]).toBeGreaterThan(4_000)
})

test('what a killed process left behind is swept away, what is in use is not', async () => {
  const secret = new Secret('geheim')
  await secretFile(directory, secret)
  sweepSecrets(directory, systemClock)
  expect(await readdir(directory)).toHaveLength(1)
  sweepSecrets(directory, { ...systemClock, now: () => new Date(systemClock.now().getTime() + 3_600_000) })
  expect(await readdir(directory)).toEqual([])
})
