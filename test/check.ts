import { spawn } from 'node:child_process'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const bin = (name: string) => path.join(root, 'node_modules/.bin', name)

/** Everything that can be known without running the product, side by side; seconds. */
const checks: [string, string, string[]][] = [
  ['types', bin('tsc'), []],
  ['lint', bin('oxlint'), ['--type-aware', '--deny-warnings']],
  ['format', bin('oxfmt'), ['--check', '.']],
  ['unused', bin('knip'), ['--no-progress']],
  ['law', bin('vitest'), ['run', 'test/law', '--reporter=dot']],
]

const results = await Promise.all(checks.map(([name, file, args]) => run(name, file, args)))
for (const { name, ok, ms, output } of results) {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${(ms / 1000).toFixed(1)} s)`)
  if (!ok) console.log(output)
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1

function run(
  name: string,
  file: string,
  args: string[],
): Promise<{ name: string; ok: boolean; ms: number; output: string }> {
  const started = performance.now()
  return new Promise((resolve) => {
    let output = ''
    const child = spawn(file, args, { cwd: root, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } })
    const collect = (chunk: Buffer) => (output += chunk.toString())
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => resolve({ name, ok: false, ms: performance.now() - started, output: error.message }))
    child.on('close', (code) => resolve({ name, ok: code === 0, ms: performance.now() - started, output }))
  })
}
