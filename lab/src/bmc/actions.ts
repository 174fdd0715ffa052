import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { explain } from '@ferrite/shared/fault'
import type { BootOverride, Machine } from '../machine.ts'
import { etagOf, refuse } from './answers.ts'
import { bootTargets, paths, resetTypes, resourcesOf } from './resources.ts'
import type { ResetType } from './resources.ts'
import { newId } from './state.ts'
import type { BmcState } from './state.ts'

const boot = z.object({
  BootSourceOverrideEnabled: z.enum(['Disabled', 'Once', 'Continuous']).optional(),
  BootSourceOverrideTarget: z.enum(bootTargets).optional(),
  BootSourceOverrideMode: z.enum(['UEFI', 'Legacy']).optional(),
})
const patchSystem = z.strictObject({ Boot: boot })
const resetBody = z.object({ ResetType: z.enum(resetTypes) })
const insertBody = z.object({
  Image: z.string().min(1),
  Inserted: z.boolean().optional(),
  WriteProtected: z.boolean().optional(),
})

/** What a BMC can be told to do. */
export function installActions(app: FastifyInstance, machine: Machine, state: BmcState): void {
  app.post(`${paths.system}/Actions/ComputerSystem.Reset`, (request, reply) => reset(machine, state, request, reply))
  app.patch(paths.system, (request, reply) => setBoot(machine, state, request, reply))
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

export const missing = (reply: FastifyReply) =>
  refuse(reply, 404, 'ResourceMissingAtURI', 'The resource at the URI was not found.')
const malformed = (reply: FastifyReply, error: z.ZodError) =>
  refuse(reply, 400, 'PropertyValueError', z.prettifyError(error))

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
  const id = newId()
  state.tasks.set(id, { state: faults.tasks === 'failing' ? 'Exception' : 'Running', reads: 0 })
  const location = `${faults.offOrigin ?? ''}${paths.tasks}/${id}`
  return reply.code(202).header('Location', location).send(taskBody(id, 'Running'))
}

async function perform(machine: Machine, type: ResetType): Promise<void> {
  if (type === 'On') machine.powerOn()
  else if (type === 'ForceOff') await machine.powerOff()
  else if (type === 'GracefulShutdown') await machine.pressPowerButton()
  else if (type === 'PushPowerButton') await (machine.power === 'Off' ? machine.powerOn() : machine.pressPowerButton())
  else await machine.reset()
}

function setBoot(machine: Machine, state: BmcState, request: FastifyRequest, reply: FastifyReply) {
  const resource = resourcesOf(machine, state)[paths.system] ?? {}
  if (state.faults.etag && request.headers['if-match'] !== wantedTag(state, resource)) {
    return refuse(reply, 412, 'PreconditionFailed', 'The ETag supplied did not match the ETag of the resource.')
  }
  const body = patchSystem.safeParse(request.body)
  if (!body.success) return malformed(reply, body.error)
  const { BootSourceOverrideEnabled, BootSourceOverrideTarget, BootSourceOverrideMode } = body.data.Boot
  const next: BootOverride = {
    enabled: BootSourceOverrideEnabled ?? machine.override.enabled,
    target: BootSourceOverrideTarget ?? machine.override.target,
    mode: BootSourceOverrideMode ?? machine.override.mode,
  }
  if (!state.faults.liesAboutBoot) machine.override = next.enabled === 'Disabled' ? { ...next, target: 'None' } : next
  return reply.code(200).send(resourcesOf(machine, state)[paths.system])
}

/** Weak and empty tags are shown by some BMCs, which then accept requests only without If-Match. */
const wantedTag = (state: BmcState, resource: object): string | undefined =>
  state.faults.etag === 'strict' ? etagOf(resource) : undefined

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

const taskBody = (id: string, taskState: string) => ({
  '@odata.id': `${paths.tasks}/${id}`,
  '@odata.type': '#Task.v1_4_2.Task',
  Id: id,
  Name: 'Reset',
  TaskState: taskState,
  TaskStatus: taskState === 'Exception' ? 'Critical' : 'OK',
  Messages:
    taskState === 'Exception'
      ? [{ MessageId: 'Base.1.8.InternalError', Message: 'The power unit does not answer.' }]
      : [],
})

/** A task ends at its second reading. */
function readTask(state: BmcState, id: string, reply: FastifyReply) {
  const task = state.tasks.get(id)
  if (!task) return missing(reply)
  task.reads += 1
  if (task.reads < 2) return reply.code(202).send(taskBody(id, 'Running'))
  if (state.faults.tasks === 'vanishing') {
    state.tasks.delete(id)
    return missing(reply)
  }
  if (task.state === 'Running') task.state = 'Completed'
  return taskBody(id, task.state)
}
