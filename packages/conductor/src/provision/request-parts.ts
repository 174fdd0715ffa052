import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import type { Secret } from '@ferrite/shared/secret'
import type { StepKind } from '../core/interfaces.ts'
import type { NodeRecord } from '../core/node.ts'
import type { ProvisionParts } from './parts.ts'

type Checked = 'power' | 'deploy' | 'network' | 'storage' | 'inspect' | 'rescue'

/** What the verbs need beside the engine. */
export type RequestParts = ProvisionParts & {
  /** Fault with Ironic's text where one of these interfaces does not validate. */
  validateFor(node: NodeRecord, interfaces: readonly Checked[]): Promise<void>
  /** The config drive as it is stored, from text or data. Fault configdrive_invalid. */
  buildConfigdrive(given: NonNullable<ProvisionRequest['configdrive']>, node: NodeRecord): Promise<Secret>
  /** Steps that nobody may order, as `interface.step`. */
  disallowed?: Readonly<Record<StepKind, readonly string[]>>
}
