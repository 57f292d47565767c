export const writeLearned = async (..._: any[]): Promise<string[]> => [];
