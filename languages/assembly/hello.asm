; Greets the first argument.
global _start

section .rodata
hello:  db      "Hello, ", 0
world:  db      "world", 0
end:    db      "!", 10, 0

section .text
_start: mov     rbx, [rsp + 16]         ; argv[1]: null without arguments
        test    rbx, rbx
        jnz     greet
        mov     rbx, world
greet:  mov     rsi, hello
        call    print
        mov     rsi, rbx
        call    print
        mov     rsi, end
        call    print
        mov     eax, 60                 ; exit
        xor     edi, edi
        syscall

print:  xor     edx, edx                ; the text at rsi, up to its zero byte
count:  inc     rdx
        cmp     byte [rsi + rdx - 1], 0
        jne     count
        dec     rdx
        mov     eax, 1                  ; write
        mov     edi, 1
        syscall
        ret
