export interface AskFs { close(): Promise<void> }
export function serveAskFs(_o: unknown): AskFs { return { close: async () => undefined } }
