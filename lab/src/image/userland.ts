import type { CpioEntry } from './cpio.ts'
import type { KernelModule } from './kernel.ts'

/** Says on every console what this image is, so that nobody takes it for more. */
const issue = `Ferrite demo image: Debian kernel and busybox. Log in as root, without a password.\n\\n \\l\n`

/** The initramfs: loads drivers, finds the root by its label, and goes over to it. */
const init = `#!/bin/busybox sh
export PATH=/bin
/bin/busybox mkdir -p /proc /sys /dev /mnt
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module.ko 2>/dev/null; done
tries=0
until root=$(/bin/busybox findfs LABEL=ferrite-root 2>/dev/null); do
  tries=$((tries + 1))
  [ $tries -gt 100 ] && echo "ferrite: no file system labelled ferrite-root was found" && exec /bin/busybox sh
  /bin/busybox sleep 0.1
done
/bin/busybox mount -t ext4 -o rw "$root" /mnt
/bin/busybox mount --move /dev /mnt/dev
/bin/busybox umount /sys /proc
exec /bin/busybox switch_root /mnt /sbin/init
`

/** The instance's start: config drive, host name, user data, network; in that order. */
const rc = `#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs run /run
hostname -F /etc/hostname
drive=
for device in /sys/class/block/*; do
  device=/dev/\${device##*/}
  case $(dd if=$device bs=1 skip=32808 count=8 2>/dev/null) in config-2) drive=$device; type=iso9660 ;; esac
  case $(dd if=$device bs=1 skip=43 count=8 2>/dev/null) in CONFIG-2|config-2) drive=$device; type=vfat ;; esac
done
if [ -n "$drive" ] && mkdir -p /run/config && mount -t $type -o ro $drive /run/config; then
  name=$(sed -n 's/.*"hostname": *"\\([^"]*\\)".*/\\1/p' /run/config/openstack/latest/meta_data.json | head -1)
  [ -n "$name" ] && hostname "$name"
  echo "ferrite: config drive on $drive ($type), host name $(hostname)"
  data=/run/config/openstack/latest/user_data
  [ -f $data ] && [ "$(head -c2 $data)" = "#!" ] && cp $data /run/user_data && chmod +x /run/user_data && /run/user_data
else
  echo "ferrite: no config drive"
fi
ip link set lo up
for card in /sys/class/net/e*; do
  [ -e $card ] || continue
  card=\${card##*/}
  ip link set $card up
  udhcpc -i $card -b -q -t 4 -T 1 -x hostname:$(hostname) -s /etc/udhcpc.sh >/dev/null 2>&1
  echo "ferrite: $card $(ip -4 -o addr show dev $card | awk '{print $4}')"
done
# Whoever asks over the network learns who answers.
mkdir -p /run/www
hostname > /run/www/index.html
httpd -p 80 -h /run/www
read up rest < /proc/uptime
echo "ferrite: up as $(hostname) after $up s"
`

const udhcpc = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev $interface
ip addr add $ip/\${mask:-24} dev $interface
for gateway in $router; do ip route add default via $gateway && break; done
: > /etc/resolv.conf
for server in $dns; do echo "nameserver $server" >> /etc/resolv.conf; done
`

const inittab = `::sysinit:/etc/rc
ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100
tty1::respawn:/sbin/getty 38400 tty1 linux
::ctrlaltdel:/bin/reboot
::shutdown:/bin/umount -a -r
`

/** grub.cfg on the root file system. \`echo\` on both consoles, because a machine's serial line is often all one sees. */
export const grubConfig = `serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
linux /boot/vmlinuz console=tty0 console=ttyS0,115200 quiet net.ifnames=0
initrd /boot/initrd.img
boot
`

export function initramfsEntries(busybox: Uint8Array, modules: readonly KernelModule[]): CpioEntry[] {
  const order = modules.map(({ name }) => name).join('\n')
  return [
    { path: 'bin', kind: 'directory' },
    { path: 'modules', kind: 'directory' },
    { path: 'init', kind: 'file', mode: 0o755, bytes: Buffer.from(init) },
    { path: 'bin/busybox', kind: 'file', mode: 0o755, bytes: busybox },
    { path: 'bin/sh', kind: 'link', target: 'busybox' },
    { path: 'modules/order', kind: 'file', mode: 0o644, bytes: Buffer.from(order) },
    ...modules.map(({ name, bytes }): CpioEntry => ({ path: `modules/${name}.ko`, kind: 'file', mode: 0o644, bytes })),
  ]
}

export const rootDirectories = ['bin', 'sbin', 'boot/grub', 'dev', 'etc', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp']

/** Files of the root file system besides kernel, initramfs and busybox. */
export const rootFiles: readonly { path: string; mode: number; text: string }[] = [
  { path: 'etc/rc', mode: 0o755, text: rc },
  { path: 'etc/udhcpc.sh', mode: 0o755, text: udhcpc },
  { path: 'etc/inittab', mode: 0o644, text: inittab },
  { path: 'etc/issue', mode: 0o644, text: issue },
  { path: 'etc/hostname', mode: 0o644, text: 'ferrite-demo\n' },
  { path: 'etc/passwd', mode: 0o644, text: 'root::0:0:root:/root:/bin/sh\n' },
  { path: 'etc/group', mode: 0o644, text: 'root:x:0:\n' },
  { path: 'boot/grub/grub.cfg', mode: 0o644, text: grubConfig },
]
