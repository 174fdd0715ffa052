import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Progress } from '@ferrite/shared/contracts/callback'
import { isSettled } from '../states.ts'

export type StoryStep = {
  flow: string
  name: string
  state: 'started' | 'waiting' | 'finished' | 'failed'
  index: number
  count: number
  /** When it was first told of, milliseconds of `Date`. */
  since: number
  durationMs: number | null
  error: string | null
}

/** What is known of a machine's way, from events and looks at the node. Plain data; every change makes a new one. */
export type Story = {
  node: string
  state: string
  target: string | null
  power: string | null
  /** Steps of the present flow, and of those before it since the story began. */
  steps: readonly StoryStep[]
  progress: Progress | undefined
  agent: string | undefined
  /** The newest sign of a network boot, until its agent is there. */
  boot?: string | undefined
  lastError: string | null
  startedAt: number
  /** When it last came to rest, or failed; undefined while it is on its way. */
  settledAt?: number | undefined
}

export type Told = {
  uuid: string
  name?: string | null
  provision_state?: string
  target_provision_state?: string | null
  power_state?: string | null
  last_error?: string | null
}

/** The beginning of a story: a node as it was last seen. */
export const storyOf = (node: Told, startedAt: number): Story =>
  lookAt(
    {
      node: node.name ?? node.uuid,
      state: '',
      target: null,
      power: null,
      steps: [],
      progress: undefined,
      agent: undefined,
      lastError: null,
      startedAt,
    },
    node,
  )

/** The story after a look at the node itself. */
export const lookAt = (story: Story, node: Told): Story => ({
  ...story,
  state: node.provision_state ?? story.state,
  target: node.target_provision_state === undefined ? story.target : node.target_provision_state,
  power: node.power_state === undefined ? story.power : node.power_state,
  lastError: node.last_error === undefined ? story.lastError : node.last_error,
})

/** The story after one more event. */
export function tell(story: Story, event: FerriteEvent): Story {
  switch (event.type) {
    case 'provision_state':
      return {
        ...story,
        state: event.to,
        target: event.target,
        lastError: event.last_error,
        settledAt: isSettled(event.to) ? Date.parse(event.at) : undefined,
      }
    case 'power_state':
      return { ...story, power: event.to }
    case 'progress':
      return { ...story, progress: event.progress }
    case 'boot':
      return { ...story, boot: event.what === 'agent_ready' ? undefined : event.what.replaceAll('_', ' ') }
    case 'agent':
      return { ...story, agent: event.agent_version ?? story.agent ?? '' }
    case 'step':
      return withStep(story, event)
    default:
      return story
  }
}

function withStep(story: Story, event: Extract<FerriteEvent, { type: 'step' }>): Story {
  const at = story.steps.findLastIndex(
    (step) => step.flow === event.flow && step.name === event.step && step.index === event.index && isOpen(step),
  )
  const before = story.steps[at]
  const step: StoryStep = {
    flow: event.flow,
    name: event.step,
    state: event.state,
    index: event.index,
    count: event.count,
    since: before?.since ?? Date.parse(event.at),
    durationMs: event.duration_ms ?? (isDone(event) && before ? Date.parse(event.at) - before.since : null),
    error: event.error,
  }
  const steps = before ? story.steps.with(at, step) : [...story.steps, step]
  // Progress belongs to the step that writes: the next one begins without.
  return { ...story, steps, progress: before ? story.progress : undefined }
}

const isOpen = (step: { state: string }): boolean => !isDone(step)
const isDone = ({ state }: { state: string }): boolean => state === 'finished' || state === 'failed'

/** The steps of the newest flow: back from the end for as long as the numbers fall. */
export function presentFlow(story: Story): readonly StoryStep[] {
  let begin = Math.max(0, story.steps.length - 1)
  while (begin > 0 && continues(story.steps[begin - 1], story.steps[begin])) begin -= 1
  return story.steps.slice(begin)
}

const continues = (step: StoryStep | undefined, following: StoryStep | undefined): boolean =>
  step !== undefined && following !== undefined && step.flow === following.flow && step.index <= following.index
