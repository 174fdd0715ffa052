import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { explain } from '@ferrite/shared/fault'
import type { Machine } from '../machine.ts'
import { missing, refuse } from './answers.ts'
import { malformed } from './changes.ts'
import { actions, paths } from './paths.ts'
import { resetTypes } from './resources.ts'
import type { ResetType } from './resources.ts'
import type { BmcState } from './state.ts'
import { begin, readTask } from './tasks.ts'

const resetBody = z.object({ ResetType: z.enum(resetTypes) })
const insertBody = z.object({
  Image: z.string().min(1),
  Inserted: z.boolean().optional(),
  WriteProtected: z.boolean().optional(),
})

/** What a BMC can be told to do. */
export function installActions(app: FastifyInstance, machine: Machine, state: BmcState): void {
  app.post(actions.reset, (request, reply) => reset(machine, state, request, reply))
  app.post<{ Params: { slot: string } }>(
    `${state.mediaPath}/:slot/Actions/VirtualMedia.InsertMedia`,
    (request, reply) => insert(machine, state, request, reply),
  )
  app.post<{ Params: { slot: string } }>(
    `${state.mediaPath}/:slot/Actions/VirtualMedia.EjectMedia`,
    async ({ params: { slot } }, reply) => {
      if (!state.slots.includes(slot)) return missing(reply)
      await machine.eject(slot)
      return reply.code(204).send()
    },
  )
  app.get<{ Params: { id: string } }>(`${paths.tasks}/:id`, ({ params: { id } }, reply) => readTask(state, id, reply))
}

function reset(machine: Machine, state: BmcState, request: FastifyRequest, reply: FastifyReply) {
  const body = resetBody.safeParse(request.body)
  if (!body.success) return malformed(reply, body.error)
  const type = body.data.ResetType
  const { faults } = state
  const wanted = type === 'On' ? 'On' : type === 'ForceOff' || type === 'GracefulShutdown' ? 'Off' : undefined
  if (faults.alreadyInState && machine.power === wanted) {
    return refuse(reply, faults.alreadyInState, 'NoOperation', `The system is already in power state ${wanted}.`)
  }
  state.shownPower(machine.power)
  if (!faults.liesAboutPower) void perform(machine, type)
  state.powerChanged()
  if (!faults.tasks) return reply.code(204).send()
  return begin(state, reply)
}

async function perform(machine: Machine, type: ResetType): Promise<void> {
  if (type === 'On') machine.powerOn()
  else if (type === 'ForceOff') await machine.powerOff()
  else if (type === 'GracefulShutdown') await machine.pressPowerButton()
  else if (type === 'PushPowerButton') await (machine.power === 'Off' ? machine.powerOn() : machine.pressPowerButton())
  else await machine.reset()
}

async function insert(
  machine: Machine,
  state: BmcState,
  { params: { slot }, body: given }: FastifyRequest<{ Params: { slot: string } }>,
  reply: FastifyReply,
) {
  if (!state.slots.includes(slot)) return missing(reply)
  const body = insertBody.safeParse(given)
  if (!body.success) return malformed(reply, body.error)
  if (!/^https?:\/\//.test(body.data.Image)) {
    return refuse(reply, 400, 'ActionParameterValueFormatError', 'The Image must be an http or https URI.')
  }
  if (state.faults.staleInserted && machine.media.has(slot)) {
    return refuse(reply, 409, 'ResourceInUse', 'The virtual media is already inserted.')
  }
  try {
    if (!state.faults.liesAboutMedia) await machine.insert(slot, body.data.Image)
  } catch (error) {
    return refuse(reply, 400, 'ActionParameterValueError', `The Image cannot be read: ${explain(error)}`)
  }
  return reply.code(204).send()
}
