import { defineConfig } from 'vitest/config'

// Unit tests import the sources of every package (condition `imgsvc-source`); process tests (*.e2e.test.ts)
// run the built program as a user does and therefore run after the build, one file at a time.
const source = { conditions: ['imgsvc-source', 'node'] }

export default defineConfig({
  test: {
    projects: [
      {
        resolve: source,
        ssr: { resolve: { conditions: source.conditions, externalConditions: source.conditions } },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'ops/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts', '**/node_modules/**', '**/dist/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['packages/*/test/**/*.e2e.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
