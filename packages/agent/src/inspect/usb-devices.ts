import { attribute, entries } from '../hardware/sysfs.ts'

const root = '/sys/bus/usb/devices'

/** Devices on the USB buses: what they call themselves, and where they are plugged in. */
export async function usbDevices(): Promise<{ product: string; vendor: string; handle: string }[]> {
  const names = (await entries(root)).filter((name) => !name.includes(':')).sort()
  return Promise.all(
    names.map(async (name) => ({
      product: (await attribute(`${root}/${name}/product`)) ?? '',
      vendor: (await attribute(`${root}/${name}/manufacturer`)) ?? '',
      handle: `usb@${name}`,
    })),
  )
}
