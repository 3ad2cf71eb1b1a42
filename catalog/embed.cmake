# cmake -DOUT=FILE -DFILES=A;B -P embed.cmake: writes the migrations into FILE as C strings, in the
# order of FILES.
set(text "/* Made by embed.cmake from the files in schema. */\n#include \"catalog/migrations.h\"\n\nconst char *const migration_sql[MIGRATION_COUNT] = {\n")
foreach(file ${FILES})
    file(READ ${file} sql)
    string(REPLACE "\\" "\\\\" sql "${sql}")
    string(REPLACE "\"" "\\\"" sql "${sql}")
    string(REPLACE "\n" "\\n\"\n    \"" sql "${sql}")
    string(APPEND text "    \"${sql}\",\n")
endforeach()
string(APPEND text "};\n")
file(WRITE ${OUT} "${text}")
