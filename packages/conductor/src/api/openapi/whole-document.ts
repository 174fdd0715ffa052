import type { Metrics } from '../metrics.ts'
import { allRoutes } from '../routes/table.ts'
import { openApiDocument } from './document.ts'

const noMetrics: Metrics = { observe: () => {}, text: async () => '', contentType: '', close: () => {} }

/** The API's description without an API that runs. */
export const wholeDocument = (): ReturnType<typeof openApiDocument> => openApiDocument(allRoutes(noMetrics))
