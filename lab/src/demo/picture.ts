import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import { lookAt, storyOf, tell, type Story, type Told } from '@ferrite/cli/watch/story'

/** The stages of the demo, in their order, and what each shows. */
export const stages = {
  image: 'make the image',
  ramdisk: 'build the ramdisk',
  lab: 'start the lab',
  enrol: 'enrol the machine',
  manage: 'verify its BMC',
  provide: 'clean its disk',
  deploy: 'deploy the image',
  boot: 'start what was deployed',
  compare: 'compare disk and image',
} as const
export type StageName = keyof typeof stages

/** The stages with each kind of machine. */
export const stagesOf: Readonly<Record<'vm' | 'process', readonly StageName[]>> = {
  process: ['image', 'lab', 'enrol', 'manage', 'provide', 'deploy', 'compare'],
  vm: ['ramdisk', 'image', 'lab', 'enrol', 'manage', 'provide', 'deploy', 'boot', 'compare'],
}

export type Stage = {
  name: StageName
  state: 'pending' | 'running' | 'done' | 'failed'
  /** What came out, or what it is at. */
  note: string
  since: number
  durationMs: number | null
}

/** What the demo knows and shows at a moment. */
export type Picture = {
  startedAt: number
  stages: Stage[]
  facts: [label: string, value: string][]
  story: Story | undefined
  /** Read from the lab's machine whenever drawn. */
  machine: (() => { network: string; doing: string }) | undefined
  /** Bytes compared, of how many. */
  compared: { bytes: number; total: number } | undefined
}

export const emptyPicture = (now: number, names: readonly StageName[] = stagesOf.process): Picture => ({
  startedAt: now,
  stages: names.map((name) => ({ name, state: 'pending', note: '', since: now, durationMs: null })),
  facts: [],
  story: undefined,
  machine: undefined,
  compared: undefined,
})

export const withEvent = (picture: Picture, event: FerriteEvent): Story =>
  tell(picture.story ?? storyOf({ uuid: event.node_uuid, name: event.node_name }, picture.startedAt), event)

export const withNode = (picture: Picture, node: Told): Story =>
  picture.story ? lookAt(picture.story, node) : storyOf(node, picture.startedAt)
