/** What steps need of the configuration. */
export type StepSettings = {
  /** URL under which ramdisks reach this conductor, without a trailing slash. Known once the API listens. */
  ramdiskUrl(): string
  /** Milliseconds between looks at the power while an agent powers its machine off. */
  powerOffPollMs: number
  /** Priorities that replace those of the agent in automated cleaning, by step name. */
  cleanPriorities: Readonly<Record<string, number>>
  /** Longest pause of the step `wait`, milliseconds. */
  longestWaitMs: number
  /** md5 may be the only checksum of an image. */
  allowMd5: boolean
}
