import { Fault } from '@ferrite/shared/fault'
import type { VendorInterface, VendorMethod } from '../../core/interfaces.ts'
import { behave, fakeInterface } from './behaviour.ts'
import { fakeStepsOf } from './steps.ts'

/** Methods that compare one word, as Ironic's examples of vendor methods do. */
export const fakeVendor: VendorInterface = {
  ...fakeInterface('vendor'),
  steps: fakeStepsOf('vendor'),
  methods: {
    first_method: compares('baz', {}),
    second_method: compares('kazoo', {}),
    third_method_sync: compares('meow', { async: false }),
    fourth_method_shared_lock: compares('woof', { require_exclusive_lock: false }),
    log_passthrough: {
      http_methods: ['POST'],
      description: 'Writes its arguments nowhere, after the time that the node asks for.',
      async: true,
      attach: false,
      require_exclusive_lock: true,
      run: (task) => behave(task, 'vendor'),
    },
  },
}

type Facts = Partial<Pick<VendorMethod, 'async' | 'require_exclusive_lock'>>

function compares(word: string, { async = true, require_exclusive_lock = true }: Facts): VendorMethod {
  return {
    http_methods: ['POST'],
    description: `Test if the value of bar is ${word}`,
    async,
    attach: false,
    require_exclusive_lock,
    async run(task, { bar }) {
      if (bar === undefined || bar === null || bar === '') {
        throw new Fault('missing_parameter', "Parameter 'bar' not passed to the method.")
      }
      await behave(task, 'vendor')
      return bar === word
    },
  }
}
