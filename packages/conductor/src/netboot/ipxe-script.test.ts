import { expect, test } from 'vitest'
import { entryScript, ipxeScript, localScript, type NodeScript } from './ipxe-script.ts'
import { parseKernelArgs } from './kernel-args.ts'

const uuid = '5d3a8c0e-0000-4000-8000-000000000001'
const base = `http://10.0.0.2:6386/ferrite/v1/boot/node/${uuid}/3`
const boot = (args: NonNullable<NodeScript['deploy']>['args']) => ({
  kernelUrl: `${base}/deploy_kernel`,
  ramdiskUrl: `${base}/deploy_ramdisk`,
  args,
})
const script = (args: NonNullable<NodeScript['deploy']>['args'], more: Partial<NodeScript> = {}) =>
  ipxeScript({ uuid, entry: 'deploy', reportUrl: `${base}/gave-up`, deploy: boot(args), ...more })

test('the script of a machine that is deployed, whole', () => {
  const text = script([
    ['nofb', null],
    ['console', 'ttyS0,115200n8'],
    ['ipa-debug', '0'],
    ['ipa-api-url', 'http://10.0.0.2:6386'],
  ])
  expect(text).toBe(`#!ipxe

# Machine ${uuid}
set attempts:int32 10
set attempt:int32 1
goto deploy

:deploy
imgfree
echo Loading the deploy ramdisk, attempt \${attempt} of \${attempts}
kernel ${base}/deploy_kernel nofb console=ttyS0,115200n8 ipa-debug=0 ipa-api-url=http://10.0.0.2:6386 BOOTIF=01-\${netX/mac:hexhyp} initrd=deploy_ramdisk || goto deploy_retry
initrd --name deploy_ramdisk ${base}/deploy_ramdisk || goto deploy_retry
boot || goto deploy_retry

:deploy_retry
iseq \${attempt} \${attempts} && goto deploy_failed ||
echo No luck, trying again in \${attempt} s
sleep \${attempt}
inc attempt
goto deploy

:deploy_failed
imgfree
imgfetch --name report ${base}/gave-up ||
echo The deploy ramdisk could not be loaded in \${attempts} attempts from
echo ${base}/deploy_kernel
echo Powering off in 30 seconds
sleep 30
poweroff || reboot

:boot_partition
echo This machine has no kernel of the instance to boot
goto boot_whole_disk

:boot_ramdisk
echo This machine has no ramdisk of the instance to boot
goto boot_whole_disk

:boot_iscsi
echo This machine has no iSCSI volume to boot
goto boot_whole_disk

:boot_whole_disk
imgfree
iseq \${platform} efi && exit 1 ||
sanboot --no-describe --drive 0x80 || exit 0
`)
})

test('volumes are hooked as drives, each with its own credentials, and the first is booted', () => {
  const text = script([], {
    entry: 'boot_iscsi',
    iscsi: {
      initiator: 'iqn.2026-11.lab:n0',
      targets: [
        { url: 'iscsi:10.0.0.5:::1:iqn.2026-11.lab:vol0', username: 'u', password: 'geheim' },
        { url: 'iscsi:10.0.0.5:::2:iqn.2026-11.lab:vol1' },
      ],
    },
  })
  expect(text).toContain(`:boot_iscsi
imgfree
set username u
set password geheim
set initiator-iqn iqn.2026-11.lab:n0
sanhook --drive 0x80 iscsi:10.0.0.5:::1:iqn.2026-11.lab:vol0 || goto boot_iscsi_retry
clear username
clear password
sanhook --drive 0x81 iscsi:10.0.0.5:::2:iqn.2026-11.lab:vol1 || goto boot_iscsi_retry
set username u
set password geheim
sanboot --no-describe || goto boot_iscsi_retry`)
})

test('whatever is accepted comes back as it was, and adds no line', () => {
  const plain = script([['a', '1']]).split('\n').length
  const values = [
    'x',
    'a b',
    'ttyS0,115200',
    'http://h:1/p?q=1&r=2',
    '%41',
    '~',
    '[::1]',
    "it's",
    '<>',
    '*',
    '{a}',
    '-x',
    'a=b',
  ]
  for (const value of values) {
    const text = script([
      ['first', 'one'],
      ['key', value],
    ])
    expect(text.split('\n')).toHaveLength(plain)
    const line = text.split('\n').find((one) => one.startsWith('kernel '))
    const args = line?.slice(line.indexOf('first='), line.indexOf(' BOOTIF=')) ?? ''
    expect(parseKernelArgs(args)).toEqual([
      ['first', 'one'],
      ['key', value],
    ])
  }
})

const hostile = [
  '${mac}',
  'a;b',
  'a && b',
  'a || b',
  '`x`',
  'a\nb',
  'a\rb',
  'a\0b',
  '\\',
  'a  b',
  'é',
  '"',
  'a #b',
  '$x',
]
test.each(hostile)('%j is refused, as a value and as part of a URL', (bad) => {
  expect(() => script([['key', bad]])).toThrow(/cannot carry|cannot name|holds a character/)
  const deploy = { ...boot([]), kernelUrl: `${base}/${bad}` }
  expect(() => script([], { deploy })).toThrow('cannot carry')
})

test('more than a kernel reads is refused', () => {
  expect(() => script([['key', 'x'.repeat(3_000)]])).toThrow('a kernel reads 2048')
})

test('the first script of all looks for the machine’s own, port by port', () => {
  expect(entryScript('http://10.0.0.2:6386/ferrite/v1/boot')).toBe(`#!ipxe

chain --autofree http://10.0.0.2:6386/ferrite/v1/boot/mac/\${netX/mac:hexhyp}?platform=\${platform}&arch=\${buildarch} ||
set i:int32 0
:next
isset \${net\${i}/mac} || goto unknown
chain --autofree http://10.0.0.2:6386/ferrite/v1/boot/mac/\${net\${i}/mac:hexhyp}?platform=\${platform}&arch=\${buildarch} ||
inc i
goto next

:unknown
echo This machine is not known here: no port with one of its MAC addresses is enrolled, or it has no network boot to do
echo Going on with the next boot device in 10 seconds
sleep 10
iseq \${platform} efi && exit 1 || exit 0
`)
})

test('a machine without a network boot is sent to its disk', () => {
  expect(localScript(uuid)).toBe(`#!ipxe

# Machine ${uuid} boots from its disk
iseq \${platform} efi && exit 1 ||
sanboot --no-describe --drive 0x80 || exit 0
`)
})
