import { Fault } from '@ferrite/shared/fault'

const remake = 'the file is damaged or was not made by a sound tool: make it again with qemu-img convert -O qcow2'

/** The Fault for an image that cannot be written: `what` is wrong with it, and what the operator can do. */
export function refused(what: string, advice: string = remake, details: Record<string, unknown> = {}): Fault {
  return new Fault('image_format_refused', `the qcow2 image ${what}; ${advice}`, details)
}

export const hex = (offset: number): string => `0x${offset.toString(16)}`
