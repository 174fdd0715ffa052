import { defineConfig } from 'vitest/config'

/**
 * Whole machines take minutes: they run when asked for by path, or with TEST_MACHINES=1 (the whole chain, three machines
 * at once) or TEST_MACHINES=all (boot failures and power cuts too).
 */
const asked = process.env['TEST_MACHINES']
const byPath = process.argv.some((argument) => argument.includes('test/vm'))
const withMachines = asked !== undefined || byPath
const long = ['test/vm/boot-failures.test.ts', 'test/vm/power-cut.test.ts']

/** CI's computer is shared: what fails once and then passes is told as such (`retry x1`) and does not stop a landing. */
const retry = process.env['CI'] === undefined ? 0 : 1

const machines = {
  test: {
    name: 'machines',
    include: ['test/vm/**/*.test.ts'],
    exclude: byPath || asked === 'all' ? [] : long,
    retry,
    globalSetup: ['test/vm/build-once.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    pool: 'forks' as const,
    fileParallelism: false,
    // After the others, with the processors to themselves.
    sequence: { groupOrder: 1 },
  },
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'quick',
          include: [
            'packages/*/src/**/*.test.ts',
            'lab/src/**/*.test.ts',
            'ramdisk/src/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          exclude: ['test/vm/**', '**/node_modules/**'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          retry,
          pool: 'forks',
          sequence: { groupOrder: 0 },
        },
      },
      ...(withMachines ? [machines] : []),
    ],
  },
})
