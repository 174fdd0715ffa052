import { ImageSource } from '@ferrite/agent/image/http/image-source'
import { defaultLimits } from '@ferrite/agent/image/request'
import { SlabPool } from '@ferrite/agent/image/slab-pool'

// One stage of the write alone.
const [, url = ''] = process.argv.slice(2)
using source = new ImageSource({ urls: [url], limits: defaultLimits }, new AbortController().signal)
const slab = await new SlabPool(1).take()
while ((await source.read(slab.bytes)) > 0) continue
