import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { version } from '@ferrite/shared/version'
import type { EventBus } from '../core/services.ts'
import type { Store } from '../store/store.ts'

export type Metrics = {
  /** One answered request; `route` is the declared path, never the one that was asked for. */
  observe(request: { method: string; route: string; status: number; seconds: number }): void
  text(): Promise<string>
  readonly contentType: string
  close(): void
}

const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']
const seconds = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600]

/** What Prometheus is told. No metric has a label per node: ten thousand nodes are a normal inventory. */
export function createMetrics({ store, events }: { store: Store; events: EventBus }): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  // Gauges that are named like counters; the same numbers stand in the metrics without `_total`.
  for (const name of misnamed) registry.removeSingleMetric(name)
  const requests = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  })
  new Gauge({
    name: 'ferrite_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version, node_version: process.version }, 1)
  const nodes = new Gauge({
    name: 'ferrite_nodes',
    help: 'Nodes by provision state.',
    labelNames: ['state'],
    registers,
    collect: async () => {
      const counts = await store.countNodes('provision_state')
      nodes.reset()
      for (const [state, count] of Object.entries(counts)) nodes.set({ state }, count)
    },
  })
  const unsubscribe = events.subscribe(deployMetrics(registers))
  return {
    observe: ({ method, route, status, seconds }) =>
      requests.observe(
        { http_request_method: method, http_route: route, http_response_status_code: String(status) },
        seconds,
      ),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => {
      unsubscribe()
      registry.clear()
    },
  }
}

/** Deploys and their phases, read from the events that everybody else sees too. */
function deployMetrics(registers: Registry[]): (event: FerriteEvent) => void {
  const deploys = new Counter({
    name: 'ferrite_deploys_total',
    help: 'Deployments that have ended.',
    labelNames: ['result'],
    registers,
  })
  const phases = new Histogram({
    name: 'ferrite_phase_duration_seconds',
    help: 'Duration of the steps of flows.',
    labelNames: ['flow', 'phase', 'result'],
    buckets: seconds,
    registers,
  })
  const written = new Counter({
    name: 'ferrite_image_write_bytes_total',
    help: 'Bytes of images that agents report as written to disks.',
    registers,
  })
  const last = new Map<string, number>()
  return (event) => {
    if (event.type === 'provision_state') {
      last.delete(event.node_uuid)
      if (event.to === 'active' && event.from === 'deploying') deploys.inc({ result: 'success' })
      if (event.to === 'deploy failed') deploys.inc({ result: 'failure' })
    } else if (event.type === 'step' && event.duration_ms !== null) {
      phases.observe({ flow: event.flow, phase: event.step, result: event.state }, event.duration_ms / 1000)
    } else if (event.type === 'progress') {
      const bytes = event.progress.bytes_written
      const before = last.get(event.node_uuid) ?? 0
      written.inc(Math.max(0, bytes - before))
      last.set(event.node_uuid, bytes)
    }
  }
}
