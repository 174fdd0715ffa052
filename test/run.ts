import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

// `pnpm test`: the checks, then the tests; any arguments go to the tests. Ends with the line that CI reads.
const root = path.join(import.meta.dirname, '..')
const args = process.argv.slice(2).filter((arg) => arg !== '--')
const temporary = mkdtempSync(path.join(tmpdir(), 'ferrite-test-'))
const report = path.join(temporary, 'report.json')

const checked =
  args.length > 0 ||
  spawnSync(process.execPath, [path.join(root, 'test/check.ts')], { cwd: root, stdio: 'inherit' }).status === 0
spawnSync(
  path.join(root, 'node_modules/.bin/vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
const { passed, failed, skipped } = count(report)
rmSync(temporary, { recursive: true })
if (!checked) console.log('the checks failed (see above): pnpm check')
console.log(`${passed} passed, ${failed + (checked ? 0 : 1)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.exitCode = checked && failed === 0 && passed > 0 ? 0 : 1

function count(file: string): { passed: number; failed: number; skipped: number } {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number | boolean>
    const number = (key: string) => Number(found[key] ?? 0)
    // A file that could not even be loaded has no tests of its own: it counts as one that failed.
    const broken =
      found['success'] === false && number('numFailedTests') === 0 ? Math.max(1, number('numFailedTestSuites')) : 0
    return {
      passed: number('numPassedTests'),
      failed: number('numFailedTests') + broken,
      skipped: number('numPendingTests') + number('numTodoTests'),
    }
  } catch (cause) {
    console.error(`the tests wrote no report: ${cause instanceof Error ? cause.message : 'unknown'}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}
