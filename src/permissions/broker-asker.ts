export const createBrokerAsker = (_: any): any => { throw new Error("stub"); };
