import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { openAgentClient } from './agent-client/client.ts'
import type { Config } from './config.ts'
import type { Task } from './core/task.ts'
import { commandKey } from './steps/command-key.ts'

/** Opens the client of the agent that a node's heartbeats have named. Fault agent_unreachable while there is none. */
export const agentOpener =
  (config: Config) =>
  (task: Task & { fence?: number }): ReturnType<typeof openAgentClient> => {
    const { agent } = task.node.internal
    if (!agent?.url || agent.token === undefined) {
      throw new Fault('agent_unreachable', `no agent of node ${task.node.uuid} is known`, { sent: false })
    }
    return openAgentClient(
      {
        url: agent.url,
        token: new Secret(agent.token),
        ...(agent.verify_ca === undefined ? {} : { verifyCa: agent.verify_ca }),
        ...(task.node.driver_info['agent_verify_ca'] === false ? { insecure: true } : {}),
      },
      {
        clock: task.clock,
        signal: task.signal,
        commandTimeoutMs: config.agent_command_timeout * 1000,
        pollMs: Math.min(config.agent_command_poll_interval * 1000, 6_000),
        keyFor: (name) => commandKey(task.node, name),
        fence: task.fence ?? task.node.lock_epoch,
      },
    )
  }
