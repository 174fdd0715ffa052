import type { FastifyReply } from 'fastify'
import { missing } from './answers.ts'
import { status } from './forms.ts'
import { paths } from './paths.ts'
import { newId } from './state.ts'
import type { BmcState } from './state.ts'

export const taskBody = (id: string, taskState: string) => ({
  '@odata.id': `${paths.tasks}/${id}`,
  '@odata.type': '#Task.v1_4_2.Task',
  Id: id,
  Name: 'Reset',
  TaskState: taskState,
  TaskStatus: taskState === 'Exception' ? 'Critical' : status.Health,
  Messages:
    taskState === 'Exception'
      ? [{ MessageId: 'Base.1.8.InternalError', Message: 'The power unit does not answer.' }]
      : [],
})

/** Answers with a task that will end at its second reading. */
export function begin(state: BmcState, reply: FastifyReply) {
  const id = newId()
  state.tasks.set(id, { state: state.faults.tasks === 'failing' ? 'Exception' : 'Running', reads: 0 })
  const location = `${state.faults.offOrigin ?? ''}${paths.tasks}/${id}`
  return reply.code(202).header('Location', location).header('Retry-After', '0').send(taskBody(id, 'Running'))
}

export function readTask(state: BmcState, id: string, reply: FastifyReply) {
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
