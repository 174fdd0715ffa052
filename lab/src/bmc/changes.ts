import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { BootOverride, Machine } from '../machine.ts'
import { etagOf, refuse } from './answers.ts'
import { paths } from './paths.ts'
import { bootTargets, resourcesOf } from './resources.ts'
import type { BmcState } from './state.ts'

const boot = z.strictObject({
  BootSourceOverrideEnabled: z.enum(['Disabled', 'Once', 'Continuous']).optional(),
  BootSourceOverrideTarget: z.enum(bootTargets).optional(),
  BootSourceOverrideMode: z.enum(['UEFI', 'Legacy']).optional(),
})
const lamp = z.enum(['Lit', 'Blinking', 'Off'])
const systemChange = z.strictObject({ Boot: boot.optional(), IndicatorLED: lamp.optional() })
const chassisChange = z.strictObject({ IndicatorLED: lamp.optional() })
const secureBootChange = z.strictObject({ SecureBootEnable: z.boolean() })

/** The resources that can be changed by PATCH. */
export function installChanges(app: FastifyInstance, machine: Machine, state: BmcState): void {
  const change = <T>(path: string, form: z.ZodType<T>, apply: (value: T) => void): void => {
    app.patch(path, (request, reply) => {
      const shown = () => resourcesOf(machine, state)[path] ?? {}
      if (isStale(request, path, shown(), state)) {
        return refuse(reply, 412, 'PreconditionFailed', 'The ETag supplied did not match the ETag of the resource.')
      }
      const body = form.safeParse(request.body)
      if (!body.success) return malformed(reply, body.error)
      apply(body.data)
      return reply.code(200).header('ETag', etagOf(shown())).send(shown())
    })
  }
  change(paths.system, systemChange, ({ Boot, IndicatorLED }) => {
    if (Boot && !state.faults.liesAboutBoot) machine.override = overrideFrom(machine.override, Boot)
    if (IndicatorLED) state.lamps.system = IndicatorLED
  })
  change(paths.chassis, chassisChange, ({ IndicatorLED }) => {
    if (IndicatorLED) state.lamps.chassis = IndicatorLED
  })
  change(paths.secureBoot, secureBootChange, ({ SecureBootEnable }) => void (state.secureBoot = SecureBootEnable))
}

function overrideFrom(now: BootOverride, given: z.infer<typeof boot>): BootOverride {
  const next: BootOverride = {
    enabled: given.BootSourceOverrideEnabled ?? now.enabled,
    target: given.BootSourceOverrideTarget ?? now.target,
    mode: given.BootSourceOverrideMode ?? now.mode,
  }
  return next.enabled === 'Disabled' ? { ...next, target: 'None' } : next
}

/** Weak and empty tags are shown by some BMCs, which then accept requests only without If-Match; others insist on one. */
function isStale(request: FastifyRequest, path: string, resource: object, { faults }: BmcState): boolean {
  const given = request.headers['if-match']
  if (path === paths.system && faults.etag) return given !== (faults.etag === 'strict' ? etagOf(resource) : undefined)
  return given !== undefined && given !== '*' && given !== etagOf(resource)
}

/** What is wrong with a body, in the words of the base registry. */
export function malformed(reply: FastifyReply, error: z.ZodError) {
  const [issue] = error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map(String)
  const about = { args: [path.at(-1) ?? ''], related: [`#/${path.join('/')}`] }
  return refuse(reply, 400, idFor(issue), z.prettifyError(error), about)
}

function idFor(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') return 'PropertyUnknown'
  if (issue?.code === 'invalid_value') return 'PropertyValueNotInList'
  return issue?.message.includes('undefined') ? 'PropertyMissing' : 'PropertyValueTypeError'
}
