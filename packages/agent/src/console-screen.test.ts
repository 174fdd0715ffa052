import { expect, test } from 'vitest'
import { drawn, percentOf, screenLines } from './console-screen.ts'
import type { MachineView } from './console-screen.ts'

const writing = {
  phase: 'write',
  bytes_received: 512 * 1024 * 1024,
  bytes_written: 500 * 1024 * 1024,
  bytes_verified: 0,
  bytes_total: 1024 * 1024 * 1024,
  rate: 64 * 1024 * 1024,
  eta_ms: 8000,
  elapsed_ms: 8000,
  resumes: 0,
  bytes_wasted: 0,
} as const

const view: MachineView = {
  machine: 'Dell Inc. PowerEdge R740, serial 7XK2P13',
  version: '0.1.0',
  interfaces: [
    { name: 'eno1', mac: '52:54:00:00:00:01', hasCarrier: true, addresses: ['10.0.0.5', 'fd00::5'] },
    { name: 'eno2', mac: '52:54:00:00:00:02', hasCarrier: false, addresses: [] },
  ],
  conductor: 'http://10.0.0.1:6385',
  node: 'f6a0a5f0-0000-4000-8000-000000000001',
  doing: 'writing image',
  step: 'standby.prepare_image',
  progress: writing,
  uptimeMs: 95_000,
}

test('a person sees who the machine is, where it stands, and how far it got', () => {
  expect(screenLines(view)).toEqual([
    '-- Ferrite 0.1.0: this machine is being managed, please do not turn it off -',
    ' machine    Dell Inc. PowerEdge R740, serial 7XK2P13',
    ' eno1       52:54:00:00:00:01  10.0.0.5 fd00::5',
    ' eno2       52:54:00:00:00:02  no link',
    ' conductor  http://10.0.0.1:6385',
    ' node       f6a0a5f0-0000-4000-8000-000000000001',
    ' now        writing image',
    ' step       standby.prepare_image',
    ' progress   write 50 %, 512 MiB, 64.0 MiB/s, 8.0s left',
    ` [${'#'.repeat(36)}${'.'.repeat(36)}]`,
    '-- up 1m 35s ---------------------------------------------------------------',
  ])
})

test('a hostile error text cannot steer the terminal, nor push the rest off the screen', () => {
  const lines = screenLines({ ...view, lastError: `\u001b[2J\u009b31m${'x'.repeat(5000)}` })
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
  expect(lines.length).toBeLessThan(24)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(76)
})

test('the percentage is of what is being read back once all is written, and unknown without a length', () => {
  expect(percentOf({ ...writing, phase: 'verify', bytes_written: 1000, bytes_verified: 250 })).toBe(25)
  expect(percentOf({ ...writing, bytes_total: null })).toBeUndefined()
  expect(percentOf({ ...writing, phase: 'done' })).toBe(100)
})

test('a redraw begins by clearing the terminal', () => {
  expect(drawn(view).startsWith('\u001b[H\u001b[2J')).toBe(true)
})
