import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { onTestFailed, onTestFinished } from 'vitest'
import { startLab } from '@ferrite/lab/lab'
import type { LabOptions } from '@ferrite/lab/lab'
import type { ImageFaults } from '@ferrite/lab/faults'
import type { LabImage } from '@ferrite/lab/images'

/** A disk image with a boot sector and an active partition: 4 MiB unless told otherwise. */
export function bootableImage(bytes = 4 << 20): Uint8Array {
  const image = randomBytes(bytes)
  image.fill(0, 446, 512)
  image.writeUInt8(0x80, 446)
  image.writeUInt8(0x83, 450)
  image.writeUInt32LE(2048, 454)
  image.writeUInt32LE(bytes / 512 - 2048, 458)
  image.writeUInt16LE(0xaa55, 510)
  image.fill(0, 512, 1024)
  return image
}

/** A lab with one available node; a failed test prints the conductor's story and the machine's console. */
export async function deployBench(options: LabOptions = {}) {
  const lab = await startLab({ ...options, machines: options.machines ?? 1 })
  onTestFinished(() => lab[Symbol.asyncDispose]())
  const [first] = lab.machines
  if (!first) throw new Error('the lab has no machine')
  onTestFailed(async () => {
    for (const file of [lab.conductor.logFile, first.machine.consoleFile]) {
      console.log((await readFile(file, 'utf8').catch(() => '')).slice(-8_000))
    }
  })
  const node = await lab.api.enroll(first)
  await lab.api.makeAvailable(node.uuid)
  const content = bootableImage()
  const image = await lab.images.add('debian', content)
  return { lab, ...first, uuid: node.uuid, content, image }
}

type Bench = Awaited<ReturnType<typeof deployBench>>

/** Deploys and waits for the end, with the image server doing this wrong. */
export async function deployWith(bench: Bench, faults: ImageFaults, image: Partial<LabImage> = {}, info: object = {}) {
  bench.lab.images.fault('debian', faults)
  await bench.lab.api.deploy(bench.uuid, { ...bench.image, ...image }, { instance_info: info })
  return bench.lab.api.settled(bench.uuid)
}
