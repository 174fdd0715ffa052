import type { System } from './system.ts'

/** What BMCs of some makers need to be told otherwise than the standard says. */
export type Quirks = {
  /** Virtual CDs are USB drives to the firmware. */
  virtualCdIsUsb?: true
  /** A boot device counts only when the boot mode comes with it. */
  modeWithDevice?: true
}

/** Rows that match add up. `except`: models of that maker that follow the standard. */
const table: readonly { maker: RegExp; except?: RegExp; quirks: Quirks }[] = [
  // They list Cd as well as UsbCd, and boot virtual media by the second only.
  { maker: /^super\s?micro/i, except: /^ars-111gl-nhr/i, quirks: { virtualCdIsUsb: true } },
  // They fall back to BIOS mode when the device comes alone.
  { maker: /^super\s?micro|^american megatrends|^ami\b|^asrock\s?rack/i, quirks: { modeWithDevice: true } },
]

export function quirksOf({ body }: System): Quirks {
  const maker = body.Manufacturer?.trim() ?? ''
  const model = body.Model?.trim() ?? ''
  const rows = table.filter((row) => row.maker.test(maker) && !row.except?.test(model))
  return Object.assign({}, ...rows.map(({ quirks }) => quirks)) as Quirks
}
