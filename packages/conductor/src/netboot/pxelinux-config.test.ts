import { expect, test } from 'vitest'
import { grubConfig, pxelinuxConfig, type TftpBoot } from './pxelinux-config.ts'

const uuid = '5d3a8c0e-0000-4000-8000-000000000001'
const boot: TftpBoot = {
  kernel: `${uuid}/deploy_kernel`,
  ramdisk: `${uuid}/deploy_ramdisk`,
  args: [
    ['nofb', null],
    ['ipa-api-url', 'http://10.0.0.2:6386'],
    ['note', 'a;b $x'],
  ],
}

test('PXELINUX’s configuration, whole', () => {
  expect(pxelinuxConfig(boot)).toBe(`default deploy
label deploy
kernel /${uuid}/deploy_kernel
append initrd=/${uuid}/deploy_ramdisk nofb ipa-api-url=http://10.0.0.2:6386 note="a;b $x"
ipappend 2

label boot_whole_disk
localboot 0
`)
})

test('GRUB’s configuration, whole, with every word quoted that GRUB could act on', () => {
  expect(grubConfig(boot, '52:54:00:12:34:56')).toBe(`set timeout=0
menuentry "Deploy" {
  linux /${uuid}/deploy_kernel nofb ipa-api-url=http://10.0.0.2:6386 'note="a;b' '$x"' BOOTIF=01-52-54-00-12-34-56
  initrd /${uuid}/deploy_ramdisk
}
`)
})

test('a machine without a network boot goes on to its disk', () => {
  expect(pxelinuxConfig(undefined)).toContain('default boot_whole_disk')
  expect(grubConfig(undefined, '52:54:00:12:34:56')).toContain('exit')
})

test('what GRUB’s quotes cannot hold is refused', () => {
  expect(() => grubConfig({ ...boot, args: [['note', "it's"]] }, '52:54:00:12:34:56')).toThrow('apostrophe')
})
