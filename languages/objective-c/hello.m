#import <Foundation/Foundation.h>

int main(int argc, const char *argv[]) {
    @autoreleasepool {
        NSString *name = argc > 1 ? @(argv[1]) : @"world";
        NSString *text = [NSString stringWithFormat:@"Hello, %@!", name];
        puts(text.UTF8String);
    }
}
