export const runPrompt = async (_: unknown): Promise<number> => 0;
