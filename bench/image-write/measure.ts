import { spawn } from 'node:child_process'
import { readFile, readdir } from 'node:fs/promises'

export type Measured = { seconds: number; cpuSeconds: number; peakBytes: number }

/** Runs a command and its children; CPU from the kernel's own account of them, memory sampled as the sum of the tree. */
export async function measure([file, ...args]: readonly [string, ...string[]]): Promise<Measured> {
  const before = await childrenCpu()
  const started = performance.now()
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  let peakBytes = 0
  const sample = async () => {
    peakBytes = Math.max(peakBytes, await treeMemory(child.pid ?? 0))
  }
  const timer = setInterval(() => void sample(), 50)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(timer)
  const seconds = (performance.now() - started) / 1000
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`)
  return { seconds, cpuSeconds: (await childrenCpu()) - before, peakBytes }
}

/** User and system time of all ended children of this process, in seconds. */
async function childrenCpu(): Promise<number> {
  const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) / 100
}

async function treeMemory(root: number): Promise<number> {
  let bytes = await residentBytes(root)
  for (const child of await childrenOf(root)) bytes += await treeMemory(child)
  return bytes
}

async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8').catch(() => '')),
  )
  return lists.join(' ').split(/\s+/).filter(Boolean).map(Number)
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+([0-9]+) kB/m.exec(status)?.[1] ?? 0) * 1024
}
