declare module 'ferrite:own-steps' {
  import type { InBandStep } from '@ferrite/agent/steps/step'
  export const ownSteps: readonly InBandStep[]
  export const ownStepsVersion: string
}
