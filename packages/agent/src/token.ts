import { mask } from '@ferrite/shared/redact'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'

const shortestToken = 32

/**
 * The token this agent lives by after a lookup said `answered`. The mask tells that somebody else has fetched the token
 * already: without one of our own (virtual media) we must not serve anybody. Fault forbidden then.
 */
export function adoptToken(own: Secret | undefined, answered: string | null | undefined): Secret | undefined {
  if (answered === mask) {
    if (own) return own
    throw new Fault(
      'forbidden',
      'the agent token of this node was given to somebody else before us: locked down, no command will be served. ' +
        'If that was an earlier boot of this machine, start its operation anew.',
    )
  }
  return answered && answered.length >= shortestToken ? new Secret(answered) : own
}
