SELECT 'Hello, ' || 'world!';
