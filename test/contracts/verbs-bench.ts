import type { NodeRecord } from '@ferrite/conductor/core/node'
import { World } from '../crashes/world.ts'

type Options = { script?: ConstructorParameters<typeof World>[0]; settings?: Record<string, unknown> }

/** A conductor and a node like this. */
export async function worldWith(
  more: Partial<NodeRecord>,
  { script = {}, settings = {} }: Options = {},
): Promise<World> {
  const world = new World(script, settings)
  await world.prepare(more)
  await world.start()
  return world
}

/** A node whose machine runs its instance. */
export const running = (more: Partial<NodeRecord> = {}): Partial<NodeRecord> => ({
  provision_state: 'active',
  power_state: 'power on',
  internal: { fake: { power: 'power on', boot_device: 'disk' } },
  ...more,
})

export const step = (name: string, type = 'deploy', args?: object) => ({
  interface: type,
  step: name,
  ...(args ? { args } : {}),
})

/** The steps that agents were told to do, in their order. */
export const done = (world: World, kind: 'clean' | 'service'): string[] =>
  world.agents
    .flatMap((agent) => agent.received)
    .filter(({ name }) => name.includes(`execute_${kind}_step`))
    .map(({ params }) => (params['step'] as { step: string }).step)
