import { z } from 'zod'
import { defineStep } from '@ferrite/agent/steps/step'

/** What an operator may build into a ramdisk: a step of their own, here one that does nothing. */
export const steps = [
  defineStep({
    step: 'blink_the_light',
    interface: 'deploy',
    priority: { deploy: 0 },
    abortable: false,
    args: z.object({ times: z.int().default(3) }),
    run: ({ times }, { log }) => {
      log.info({ times }, 'blinking')
      return Promise.resolve({ times })
    },
  }),
]
