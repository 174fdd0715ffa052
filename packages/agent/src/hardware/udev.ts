import { run } from './run.ts'

/** What udev knows of a device, by name; empty where there is no udev. */
export async function udevProperties(devicePath: string): Promise<ReadonlyMap<string, string>> {
  const result = await run('udevadm', ['info', '--query=property', `--name=${devicePath}`]).catch(() => undefined)
  return result?.code === 0 ? parseProperties(result.stdout) : new Map()
}

export function parseProperties(output: string): Map<string, string> {
  const lines = output.split('\n').filter((line) => line.includes('='))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** Waits until udev has handled what the kernel told it. */
export async function settle(): Promise<void> {
  await run('udevadm', ['settle'], { timeoutMs: 30_000 }).catch(() => undefined)
}
