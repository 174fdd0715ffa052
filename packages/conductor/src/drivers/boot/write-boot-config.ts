import type { Task } from '../../core/task.ts'
import { ipxeScript, type KernelBoot } from '../../netboot/ipxe-script.ts'
import type { KernelArgs } from '../../netboot/kernel-args.ts'
import { grubConfig, pxelinuxConfig } from '../../netboot/pxelinux-config.ts'
import type { BroughtFiles } from './boot-source.ts'
import type { NetworkBootParts } from './network-boot.ts'

/** Writes the node's iPXE script. Its URLs hold the boot's number: what an older boot still asks for is gone. */
export async function writeIpxe(
  { nodeFiles, bootUrl }: NetworkBootParts,
  { node }: Task,
  { entry, args }: { entry: 'deploy' | 'boot_partition' | 'boot_ramdisk'; args: KernelArgs },
): Promise<void> {
  const base = `${bootUrl()}/node/${node.uuid}/${node.internal.agent?.epoch ?? 0}`
  const boot: KernelBoot = { kernelUrl: `${base}/deploy_kernel`, ramdiskUrl: `${base}/deploy_ramdisk`, args }
  const part = { deploy: 'deploy', boot_partition: 'partition', boot_ramdisk: 'ramdisk' } as const
  const text = ipxeScript({ uuid: node.uuid, entry, reportUrl: `${base}/gave-up`, [part[entry]]: boot })
  await nodeFiles.writeScript(node.uuid, text)
}

/** Writes PXELINUX's and GRUB's configuration of each port, and puts the files where TFTP serves them. */
export async function writePxe(
  { nodeFiles }: NetworkBootParts,
  { node }: Task,
  { found, args, macs }: { found: BroughtFiles; args: KernelArgs; macs: readonly string[] },
): Promise<void> {
  const kernel = await nodeFiles.putTftp(node.uuid, 'deploy_kernel', found.kernel.path)
  const ramdisk = await nodeFiles.putTftp(node.uuid, 'deploy_ramdisk', found.ramdisk.path)
  const boot = { kernel, ramdisk, args }
  for (const mac of macs) {
    await nodeFiles.writePxe(mac, { pxelinux: pxelinuxConfig(boot), grub: grubConfig(boot, mac) })
  }
}
