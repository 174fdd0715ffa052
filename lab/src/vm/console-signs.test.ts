import { expect, test } from 'vitest'
import { signIn } from './console-signs.ts'

test.each([
  ['Booting from Hard Disk...\r\nBoot failed: not a bootable disk\r\n', 'nothing to boot'],
  ['ferrite: [1.23] Ferrite ramdisk 0.1', 'ramdisk'],
  ['[    1.5] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n', 'hung'],
  ['web-01 /dev/ttyS0\r\nweb-01 login: ', 'running'],
])('%j tells that the machine is %s', (text, state) => {
  expect(signIn(text)?.state).toBe(state)
})

test('of several signs the last one counts, and most text is none', () => {
  expect(signIn('Boot failed: not a bootable disk\r\nPress Ctrl-B for the iPXE command line')?.reason).toBe('iPXE')
  expect(signIn('[    0.000000] Linux version 6.1.0')).toBeUndefined()
  expect(signIn('web-01 login: ')?.reason).toBe('prompt of web-01')
})
