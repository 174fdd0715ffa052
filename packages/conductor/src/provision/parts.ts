import type { Logger } from 'pino'
import type { Clock } from '../core/clock.ts'
import type { StepSettings } from '../steps/settings.ts'
import type { EventBus } from '../core/services.ts'
import type { Store } from '../store/store.ts'

/** What the provisioning engine is made of. */
export type ProvisionParts = {
  store: Store
  clock: Clock
  log: Logger
  events: EventBus
  settings: StepSettings
  automatedClean: boolean
  powerOffAfterDeployFailure: boolean
  /** Keeps the archive of an agent's logs; returns where. */
  keepLogs(node_uuid: string, archive: Buffer): Promise<string>
  /** Call after a commit that opened work. */
  wake(): void
  /** Call when a node has begun to wait for its agent: look at it soon. */
  watch(node_uuid: string): void
}
