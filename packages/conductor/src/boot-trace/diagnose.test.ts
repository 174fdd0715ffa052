import { expect, test } from 'vitest'
import { withBoot, withSign, type Seen } from '../core/boot-trace.ts'
import { diagnose, type BootFacts } from './diagnose.ts'

const at = '2026-11-23T10:00:00.000000+00:00'
const facts = (signs: Seen[], more: Partial<BootFacts> = {}): BootFacts => ({
  boot: signs.reduce((boots, seen) => withSign(boots, seen, at), withBoot([], 1, at)).at(-1),
  silentMs: 120_000,
  power: 'power on',
  dhcpTrouble: undefined,
  seesDhcp: true,
  misplaced: [],
  placed: false,
  movement: undefined,
  bootUrl: 'http://10.66.0.1:6386/ferrite/v1/boot',
  ...more,
})

const on: Seen = { what: 'power_on' }
const address: Seen[] = [
  on,
  { what: 'dhcp_request', detail: 'x86_64 UEFI' },
  { what: 'dhcp_answer', detail: '10.66.0.161' },
]
const script: Seen[] = [...address, { what: 'loader_sent', detail: 'snponly.efi' }, { what: 'script_sent' }]
const kernel: Seen[] = [...script, { what: 'kernel_started' }, { what: 'kernel_sent', bytes: 14e6, total: 14e6 }]
const ramdisk: Seen[] = [...kernel, { what: 'ramdisk_started' }, { what: 'ramdisk_sent', bytes: 47e6, total: 47e6 }]

const cases: [name: string, facts: BootFacts, words: string][] = [
  [
    'no DHCP server',
    facts([on], { dhcpTrouble: 'dnsmasq is not running' }),
    'there is no DHCP: dnsmasq is not running',
  ],
  [
    'no DHCP answer',
    facts([on, { what: 'dhcp_request' }, { what: 'dhcp_unanswered', detail: 'no address available' }]),
    'there is no DHCP answer',
  ],
  [
    'wrong VLAN by the switch',
    facts([on], { misplaced: [{ mac: 'm', network: 'tenant', wanted: 'prov' }] }),
    'the switch says that port m is on tenant, not on prov',
  ],
  [
    'wrong VLAN by DHCP',
    facts([on, { what: 'wrong_interface', detail: 'br-tenant' }]),
    'asks for an address on br-tenant',
  ],
  ['nothing seen', facts([on]), 'no DHCP request of it was seen'],
  ['nothing seen, foreign DHCP', facts([on], { seesDhcp: false }), 'fetched nothing from here'],
  [
    'loader missing',
    facts([...address, { what: 'loader_missing', detail: 'snponly.efi' }]),
    'boot loader snponly.efi is missing',
  ],
  [
    'wrong architecture',
    facts([...address, { what: 'unknown_architecture', detail: 'aarch64 UEFI' }]),
    'wrong architecture: the machine’s firmware is aarch64 UEFI',
  ],
  ['loader refused', facts([...address, { what: 'loader_sent' }]), 'Secure Boot refuses the loader'],
  ['kernel 404', facts([...script, { what: 'kernel_missing', detail: 'deploy_kernel' }]), 'the kernel is missing'],
  [
    'kernel 404, gave up',
    facts([...script, { what: 'kernel_missing', detail: 'deploy_kernel' }, { what: 'gave_up' }], {
      power: 'power off',
    }),
    'tried ten times',
  ],
  [
    'ramdisk cut',
    facts([...kernel, { what: 'ramdisk_started' }, { what: 'ramdisk_cut', bytes: 3e6, total: 47e6 }]),
    'the ramdisk was not fetched whole: 2.9 MiB of 44.8 MiB',
  ],
  ['kernel does not start', facts(ramdisk), 'neither asked for an address nor looked itself up'],
  ['no lookup answer', facts([...ramdisk, { what: 'ramdisk_dhcp' }]), 'no lookup came from it'],
  [
    'lookup refused',
    facts([...ramdisk, { what: 'hello_refused', detail: 'it called from 10.66.0.161' }]),
    'lookup was refused',
  ],
  ['no heartbeat', facts([...ramdisk, { what: 'agent_hello' }]), 'no heartbeat came'],
  ['never powered on', facts([on], { power: 'power off' }), 'never powered on'],
  ['lost its power', facts(kernel, { power: 'power off' }), 'lost its power'],
]

test.each(cases)('%s', (_name, given, words) => {
  expect(diagnose(given)).toContain(words)
})

test('every failure has a message of its own, and each says what was seen last', () => {
  const texts = cases.map(([, given]) => diagnose(given))
  expect(new Set(texts).size).toBe(texts.length)
  for (const text of texts) expect(text).toMatch(/Last seen: .+; nothing new for 2m/)
})
