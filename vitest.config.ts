import { defineConfig } from 'vitest/config'

/** Whole machines take minutes: they run when asked for by path or with FERRITE_VM_TESTS=1. */
const withMachines =
  process.env['FERRITE_VM_TESTS'] !== undefined || process.argv.some((argument) => argument.includes('test/vm'))

const machines = {
  test: {
    name: 'machines',
    include: ['test/vm/**/*.test.ts'],
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
