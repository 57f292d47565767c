export const askablePaths = (_: any): any[] => [];
