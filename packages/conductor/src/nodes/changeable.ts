import type { ProvisionState } from '@ferrite/shared/provision'

/** States in motion in which a node may be changed all the same. */
export const changeable: ReadonlySet<ProvisionState> = new Set<ProvisionState>([
  'deploy failed',
  'inspecting',
  'inspect failed',
  'inspect wait',
  'clean failed',
  'error',
  'verifying',
  'adopt failed',
  'rescue failed',
  'unrescue failed',
  'service hold',
  'service failed',
])
