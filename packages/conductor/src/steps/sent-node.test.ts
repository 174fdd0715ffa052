import { expect, test } from 'vitest'
import type { NodeRecord } from '../core/node.ts'
import { sentNode } from './sent-node.ts'

test('an agent’s own steps get URLs that open, and no password', () => {
  const image_source = 'https://s3/b/i.raw?X-Amz-Date=1&X-Amz-Signature=ab'
  const node = {
    uuid: 'n1',
    id: 1,
    traits: [],
    properties: {},
    internal: {},
    driver_info: { redfish_password: 'hush', deploy_iso: 'https://a/i.iso?sig=c' },
    instance_info: { image_source, note: 'password=hush' },
  } as unknown as NodeRecord
  expect(sentNode(node)).toMatchObject({
    driver_info: { redfish_password: '******', deploy_iso: 'https://a/i.iso?sig=c' },
    instance_info: { image_source, note: 'password=******' },
  })
})
