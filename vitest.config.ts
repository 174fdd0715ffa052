import { defineConfig } from 'vitest/config'

/** Whole machines take minutes: all of them run when asked for by path or with FERRITE_VM_TESTS=1, the whole chain in CI. */
const allMachines =
  process.env['FERRITE_VM_TESTS'] !== undefined || process.argv.some((argument) => argument.includes('test/vm'))
const withMachines = allMachines || process.env['CI'] !== undefined

const machines = {
  test: {
    name: 'machines',
    include: [allMachines ? 'test/vm/**/*.test.ts' : 'test/vm/chain.test.ts'],
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
          pool: 'forks',
          sequence: { groupOrder: 0 },
        },
      },
      ...(withMachines ? [machines] : []),
    ],
  },
})
